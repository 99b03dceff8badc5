"""The closed form: traced from the function, differentiated on a graph, read as mathematics."""
