# Stands for a training: the loss falls with each epoch, and is least for a rate of 0.01 and 4 layers.
BEGIN {
  file = ENVIRON["ENSEMBLE_TELL"]
  limit = (log(rate / 0.01) / log(10)) ^ 2 / 2 + (layers - 4) ^ 2 / 8
  for (epoch = 1; epoch <= 8; epoch++) {
    system("sleep 0.1")
    print "loss=" limit + 1 / epoch ^ 2 >> file
    close(file)
  }
}
