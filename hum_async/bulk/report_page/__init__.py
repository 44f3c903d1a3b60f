"""The report: one HTML file that shows the results of a job, without a network and by itself.

`writing` is the way in. `facts` reads a result, `figures` counts them, `map_drawing` and `charts`
draw, `page` fills the templates. Nothing here asks anybody anything.
"""
