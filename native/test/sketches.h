// Comparison of sketches, for tests.
#pragma once

#include <algorithm>

#include "stats/bucket_row.h"
#include "stats/ddsketch.h"

namespace flux_ensemble::test {

inline bool SameRow(const stats::BucketRow& a, const stats::BucketRow& b) {
  return (a.size() == 0 || a.first() == b.first()) && std::ranges::equal(a.counts(), b.counts());
}

inline bool SameSketch(const stats::DdSketch& a, const stats::DdSketch& b) {
  return a.scale() == b.scale() && a.count() == b.count() && a.zeros() == b.zeros() &&
         SameRow(a.buckets(), b.buckets()) && SameRow(a.negative(), b.negative());
}

}  // namespace flux_ensemble::test
