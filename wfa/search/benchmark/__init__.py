"""What answering quickly costs: index families, gallery forms and sizes, measured side by side."""
