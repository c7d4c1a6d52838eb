# Stands for a simulation: a double well with a bump.
BEGIN {
  print "energy=" (x ^ 2 - 2) ^ 2 / 4 + 2 * exp(-20 * (x - 1) ^ 2) >> ENVIRON["ENSEMBLE_TELL"]
}
