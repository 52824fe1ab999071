// Ends at once, with the status that it is given, 1 by default.
process.exit(Number(process.argv[2] ?? 1))
