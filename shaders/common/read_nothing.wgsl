// State rows of which nothing is told (hidden_forward.wgsl).

#part begin_reading()
#end

#part read()
#end

#part end_reading()
#end
