"""A fitted model as an ONNX graph, with its tokenizer as JSON. Nothing here is for users."""
