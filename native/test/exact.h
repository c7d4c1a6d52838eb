// Exact statistics of stored numbers, and difficult streams for tests of sketches.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace flux_ensemble::test {

using Numbers = std::vector<double>;

// The two numbers between which a quantile lies.
inline std::pair<double, double> Neighbours(Numbers numbers, double q) {
  std::sort(numbers.begin(), numbers.end());
  const auto lower = static_cast<std::size_t>(q * static_cast<double>(numbers.size() - 1));
  return {numbers[lower], numbers[std::min(lower + 1, numbers.size() - 1)]};
}

// Type 7 of Hyndman and Fan.
inline double Quantile(Numbers numbers, double q) {
  std::sort(numbers.begin(), numbers.end());
  const double position = q * static_cast<double>(numbers.size() - 1);
  const auto lower = static_cast<std::size_t>(position);
  if (lower + 1 >= numbers.size()) return numbers.back();
  const double fraction = position - static_cast<double>(lower);
  return numbers[lower] + fraction * (numbers[lower + 1] - numbers[lower]);
}

inline double Mad(const Numbers& numbers) {
  const double median = Quantile(numbers, 0.5);
  Numbers distances;
  for (const double x : numbers) distances.push_back(std::abs(x - median));
  return Quantile(distances, 0.5);
}

struct Distribution {
  std::string name;
  Numbers numbers;
};

// `count` numbers of each kind.
inline std::vector<Distribution> NastyDistributions(std::size_t count, std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform(0, 1);
  std::exponential_distribution<double> exponential(1);
  std::normal_distribution<double> normal(0, 1);
  const auto draw = [&](auto make) {
    Numbers numbers(count);
    for (double& x : numbers) x = make();
    return numbers;
  };
  std::vector<Distribution> all = {
      {"constant", draw([] { return 3.7; })},
      {"zeros", draw([] { return 0.0; })},
      {"ties", draw([&] { return std::floor(uniform(random) * 10); })},
      {"uniform", draw([&] { return uniform(random); })},
      {"exponential", draw([&] { return exponential(random); })},
      {"bimodal", draw([&] { return (uniform(random) < 0.5 ? 10 : 1000) + uniform(random); })},
      {"lognormal", draw([&] { return std::exp(3 * normal(random)); })},
      {"pareto", draw([&] { return std::pow(1 - uniform(random), -2.0); })},
      {"outliers", draw([&] { return (uniform(random) < 0.01 ? 100 : 1) * exponential(random); })},
      {"spikes", draw([&] { return uniform(random) < 0.02 ? 1e12 : exponential(random); })},
      {"half zeros", draw([&] { return uniform(random) < 0.5 ? 0 : exponential(random); })},
      {"tiny", draw([&] { return 1e-300 * uniform(random); })},
      {"huge", draw([&] { return 1e308 * uniform(random); })},
      {"near 1e9", draw([&] { return 1e9 + normal(random); })},
      {"powers of two", draw([&] { return std::exp2(std::floor(uniform(random) * 20)); })},
  };
  double next = 0;
  all.push_back({"rising", draw([&] { return next += 0.5; })});
  all.push_back({"falling", draw([&] { return next -= 0.5; })});
  return all;
}

// The same, all negative, and of either sign.
inline std::vector<Distribution> SignedDistributions(std::size_t count, std::mt19937_64& random) {
  std::vector<Distribution> all = NastyDistributions(count, random);
  const std::size_t kinds = all.size();
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    Distribution below{"negative " + all[kind].name, all[kind].numbers};
    Distribution both{"signed " + all[kind].name, all[kind].numbers};
    for (double& x : below.numbers) x = -x;
    // The mean of two of the largest doubles would overflow.
    const double scale = all[kind].name == "huge" ? 0.25 : 1;
    for (double& x : both.numbers) x *= random() % 3 == 0 ? -scale : scale;
    all.push_back(std::move(below));
    all.push_back(std::move(both));
  }
  return all;
}

}  // namespace flux_ensemble::test
