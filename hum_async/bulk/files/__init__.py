"""The files of a job: address columns, outputs, manifest, and their verification."""
