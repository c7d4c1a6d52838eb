// Mean and variance of a stream in one pass. B. P. Welford, "Note on a method for calculating
// corrected sums of squares and products", Technometrics 4(3), 1962. Merged as by T. F. Chan, G. H.
// Golub and R. J. LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
// Variances", COMPSTAT 1982.
#pragma once

#include <cstdint>

namespace flux_ensemble::stats {

class Welford {
 public:
  void Observe(double x) {
    ++count_;
    const double before = mean_;
    mean_ += (1.0 / static_cast<double>(count_)) * (x - mean_);
    squares_ += (x - before) * (x - mean_);
  }

  // Adds the observations of the other.
  void Merge(const Welford& other) {
    if (other.count_ == 0) return;
    const auto mine = static_cast<double>(count_);
    const auto others = static_cast<double>(other.count_);
    const double both = mine + others;
    const double apart = other.mean_ - mean_;
    mean_ += apart * (others / both);
    squares_ += other.squares_ + apart * apart * (mine * (others / both));
    count_ += other.count_;
  }

  std::uint64_t count() const { return count_; }
  double mean() const { return mean_; }

  // Sum of squared differences from the mean.
  double squares() const { return squares_; }

  // Sample variance (ddof 1); 0 for a single observation.
  double variance() const { return count_ < 2 ? 0.0 : squares_ / static_cast<double>(count_ - 1); }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(count_, mean_, squares_);
  }

 private:
  std::uint64_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

}  // namespace flux_ensemble::stats
