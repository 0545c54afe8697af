"""The pages of imports: upload, questions, preview, progress, report."""
