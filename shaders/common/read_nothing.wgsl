// Nobody reads the state rows as hidden_forward.wgsl makes them.

#part begin_reading()
#end

#part read()
#end

#part end_reading()
#end
