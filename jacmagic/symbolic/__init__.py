"""The closed form: a function traced, differentiated on its graph, typeset."""
