// The time of a run in real time. It begins at the time of day, in seconds since the epoch. The
// steady clock advances it, so setting the system's clock does not change it.
#pragma once

#include <chrono>
#include <cmath>

namespace flux_ensemble::runner {

class RunClock {
 public:
  RunClock() { Set(TimeOfDay()); }

  // It is `now`, seconds since the epoch.
  void Set(double now) {
    begun_at_ = now;
    begun_ = Steady::now();
  }

  double Now() const {
    return begun_at_ + std::chrono::duration<double>(Steady::now() - begun_).count();
  }

  // Seconds by which the time of day was set ahead of the run's time since the run began.
  double ahead() const { return ahead_; }

  // Compares `now`, a result of Now(), with the time of day. True if the system's clock was set.
  bool Follow(double now) {
    const double ahead = TimeOfDay() - now;
    if (std::abs(ahead - ahead_) < kMinStep) return false;
    ahead_ = std::abs(ahead) < kMinStep ? 0 : ahead;
    return true;
  }

 private:
  using Steady = std::chrono::steady_clock;

  // Seconds. The system corrects smaller differences by a slower or faster clock, which the steady
  // clock follows.
  static constexpr double kMinStep = 1;

  static double TimeOfDay() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  double begun_at_ = 0;  // seconds since the epoch
  Steady::time_point begun_{};
  double ahead_ = 0;
};

}  // namespace flux_ensemble::runner
