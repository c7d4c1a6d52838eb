// Moves the items of one vector to the end of another.
#pragma once

#include <iterator>
#include <vector>

namespace flux_ensemble::runner {

template <typename T>
void MoveItems(std::vector<T>& from, std::vector<T>& to) {
  if (to.empty()) {
    to.swap(from);
  } else {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  }
  from.clear();
}

}  // namespace flux_ensemble::runner
