"""A fitted model as an ONNX graph, and its tokenizer as JSON. Nothing here is for users to import."""
