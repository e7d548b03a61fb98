"""Models of tables as ONNX files: from the cells of a row to what is said of the patient."""
