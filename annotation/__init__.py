"""Paragraphs in, judgements out: segmentation, the label schema, Label Studio, agreement and adjudication."""
