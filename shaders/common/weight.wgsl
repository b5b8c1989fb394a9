// Weight of one score before normalisation, by the model's rule (src/model/rules/).

fn weight(score: f32, highest: f32) -> f32 { return kept(vec4<f32>(exp(score - highest))).x; }
