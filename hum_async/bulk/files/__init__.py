"""The files of a job: address columns in, results, reports and checks out."""
