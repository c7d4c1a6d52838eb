// How often intervals miss, at any look, the value that they bound, when a study looks after every
// job: `confidence_study [studies] [jobs]`. The levels are 95 %.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>

#include "stats/confidence.h"

using flux_ensemble::stats::Aggregate;
using flux_ensemble::stats::Interval;
using flux_ensemble::stats::MeanInterval;
using flux_ensemble::stats::QuantileInterval;
using flux_ensemble::stats::ShareInterval;
using flux_ensemble::stats::Welford;

namespace {

using Generator = std::mt19937_64;
constexpr double kLevel = 0.95;

struct Distribution {
  const char* name;
  double mean;
  double p90;
  std::function<double(Generator&)> draw;
};

bool Misses(const Interval& interval, double value) {
  return value < interval.lower || value > interval.upper;
}

void Study(const Distribution& distribution, int studies, int jobs) {
  Generator generator(1);
  int sequence = 0;
  int fixed = 0;
  int quantile = 0;
  double wide = 0;
  double narrow = 0;
  for (int study = 0; study < studies; ++study) {
    Aggregate numbers;
    QuantileInterval p90(0.9, kLevel);
    bool missed = false;
    bool fixed_missed = false;
    bool p90_missed = false;
    for (int job = 1; job <= jobs; ++job) {
      numbers.Observe(distribution.draw(generator));
      const Welford& moments = numbers.moments.welford;
      const Interval interval = MeanInterval(moments, kLevel);
      missed |= Misses(interval, distribution.mean);
      const double error = 1.959964 * std::sqrt(moments.variance() / job);
      fixed_missed |= job >= 10 && std::abs(moments.mean() - distribution.mean) > error;
      p90_missed |= Misses(p90.Of(numbers), distribution.p90);
      if (job < jobs) continue;
      wide += (interval.upper - interval.lower) / 2;
      narrow += error;
    }
    sequence += missed;
    fixed += fixed_missed;
    quantile += p90_missed;
  }
  const double percent = 100.0 / studies;
  std::printf("%-14s mean %5.2f %%, standard error %5.2f %%, p90 %5.2f %%, widths %.2f\n",
              distribution.name, sequence * percent, fixed * percent, quantile * percent,
              wide / narrow);
}

void StudyShare(double share, int studies, int jobs) {
  Generator generator(2);
  std::bernoulli_distribution fails(share);
  int sequence = 0;
  int fixed = 0;
  for (int study = 0; study < studies; ++study) {
    std::uint64_t failures = 0;
    bool missed = false;
    bool fixed_missed = false;
    for (int job = 1; job <= jobs; ++job) {
      failures += fails(generator) ? 1 : 0;
      missed |= Misses(ShareInterval::Of(failures, job, kLevel), share);
      const double p = static_cast<double>(failures) / job;
      fixed_missed |= job >= 10 && std::abs(p - share) > 1.959964 * std::sqrt(p * (1 - p) / job);
    }
    sequence += missed;
    fixed += fixed_missed;
  }
  const double percent = 100.0 / studies;
  std::printf("share of %.2f  sequence %5.2f %%, standard error %5.2f %%\n", share,
              sequence * percent, fixed * percent);
}

}  // namespace

int main(int count, char** arguments) {
  const int studies = count > 1 ? std::atoi(arguments[1]) : 1000;
  const int jobs = count > 2 ? std::atoi(arguments[2]) : 1000;
  const auto lognormal = [](double sigma) {
    return [sigma](Generator& generator) {
      return std::lognormal_distribution<double>(0, sigma)(generator);
    };
  };
  constexpr double kZ90 = 1.2815515655446004;
  const Distribution distributions[] = {
      {"normal", 10, 10 + kZ90,
       [](Generator& generator) { return std::normal_distribution<double>(10, 1)(generator); }},
      {"uniform", 0.5, 0.9,
       [](Generator& generator) { return std::uniform_real_distribution<double>()(generator); }},
      {"exponential", 1, std::log(10),
       [](Generator& generator) { return std::exponential_distribution<double>()(generator); }},
      {"lognormal 0.5", std::exp(0.125), std::exp(0.5 * kZ90), lognormal(0.5)},
      {"lognormal 1", std::exp(0.5), std::exp(kZ90), lognormal(1)},
  };
  for (const Distribution& distribution : distributions) Study(distribution, studies, jobs);
  for (const double share : {0.02, 0.5}) StudyShare(share, studies, jobs);
  return 0;
}
