#include "tree/order_book.h"

#include <algorithm>
#include <functional>

#include "engine/job_details.h"

namespace flux_ensemble::tree {

std::uint64_t OrderBook::KeyOf(const Order& order, std::uint64_t index) {
  engine::JobOrigin origin;
  origin.rule = order.what.rule;
  origin.firing = order.what.firing;
  origin.part = order.what.part;
  origin.attempt = order.what.attempt;
  origin.index = order.what.first_index + index;
  return engine::KeyOf(origin);
}

std::optional<OrderBook::OrderIt> OrderBook::Add(runner::SubmitOrder what, Reports& reports) {
  Order& order = orders_.emplace_back();
  order.report.number = what.number;
  order.need = NeedOf(what.portion.jobspec->head);
  order.number = ++last_order_;
  waiting_ += what.portion.count;
  order.what = std::move(what);
  const OrderIt added = std::prev(orders_.end());
  if (closed_) Drop(added);
  Queue(added);
  if (added->waiting() > 0) return added;
  Settle(added, reports);
  return std::nullopt;
}

// In the queue are the orders with waiting jobs.
void OrderBook::Queue(OrderIt order) {
  if (order->waiting() > 0) {
    queue_.emplace(PlaceOf(*order), order);
  } else {
    queue_.erase(PlaceOf(*order));
  }
}

std::optional<OrderBook::OrderIt> OrderBook::First() {
  return queue_.empty() ? std::nullopt : std::optional(queue_.begin()->second);
}

std::optional<OrderBook::OrderIt> OrderBook::After(Place place) {
  const auto next = queue_.upper_bound(place);
  return next == queue_.end() ? std::nullopt : std::optional(next->second);
}

std::uint64_t OrderBook::waiting_cores(std::uint64_t most) const {
  std::uint64_t cores = 0;
  for (const auto& [place, order] : queue_) {
    const std::uint64_t of_one = std::max(order->need.cores, std::uint64_t{1});
    cores += journal::Times(order->waiting(), of_one);
    if (cores >= most) return most;
  }
  return cores;
}

runner::SubmitOrder OrderBook::Take(OrderIt order, std::uint64_t most, InstanceNumber number) {
  std::uint64_t first = order->next;
  std::uint64_t count = 0;
  if (order->again.empty()) {
    count = std::min(most, order->what.portion.count - order->next);
    order->next += count;
  } else {
    first = order->again.back();
    while (count < most && !order->again.empty() && order->again.back() == first + count) {
      order->again.pop_back();
      ++count;
    }
  }
  waiting_ -= count;
  order->unreported += count;
  ++order->pieces;
  Queue(order);

  Instance& instance = instances_[number];
  instance.pieces.push_back({order, number, first, count});
  const PieceIt piece = std::prev(instance.pieces.end());
  pieces_.emplace(++last_piece_, piece);
  if (number != kParent) {
    instance.count += count;
    for (std::uint64_t i = 0; i < count; ++i) {
      instance.unseen.emplace(KeyOf(*order, first + i), piece);
    }
  }
  runner::SubmitOrder taken = order->what;
  taken.number = last_piece_;
  taken.portion.count = count;
  taken.first_index += first;
  return taken;
}

void OrderBook::OnSubmitted(const runner::SubmitReport& report, Reports& reports) {
  const auto found = pieces_.find(report.number);
  if (found == pieces_.end()) return;
  const PieceIt piece = found->second;
  const OrderIt order = piece->order;
  // The first job was refused, so the others were not sent.
  const bool ended = report.accepted == 0 && report.refused == 1 && report.dropped > 0;
  // The instance has failed before it answered.
  if (piece->instance != kParent && report.dropped > 0 && !ended && !closed_) return;
  pieces_.erase(found);
  piece->reported = true;
  Instance& instance = instances_[piece->instance];
  order->unreported -= piece->count;
  if (!order->reported) order->report.Add(report);
  piece->refused = report.refused + report.dropped;
  if (ended) {
    Drop(order);
    Queue(order);
  }
  if (piece->instance == kParent) piece->seen = piece->count - piece->refused;
  if (piece->instance != kParent) instance.count -= std::min(instance.count, piece->refused);
  Forget(instance, piece, reports);
}

// Forgets a piece of which no job is unseen. Settles its order.
void OrderBook::Forget(Instance& instance, PieceIt piece, Reports& reports) {
  const OrderIt order = piece->order;
  if (piece->reported && piece->seen + piece->refused >= piece->count) {
    if (piece->instance != kParent && piece->refused > 0) {
      for (std::uint64_t i = 0; i < piece->count; ++i) {
        instance.unseen.erase(KeyOf(*order, piece->first + i));
      }
    }
    instance.pieces.erase(piece);
    --order->pieces;
  }
  Settle(order, reports);
}

bool OrderBook::Show(InstanceNumber number, std::uint64_t key) {
  const auto found = instances_.find(number);
  if (found == instances_.end()) return false;
  Instance& instance = found->second;
  const auto unseen = instance.unseen.find(key);
  if (unseen == instance.unseen.end()) return false;
  const PieceIt piece = unseen->second;
  instance.unseen.erase(unseen);
  instance.count -= std::min<std::uint64_t>(instance.count, 1);
  ++piece->seen;
  // The report of an order never comes from here: that of its piece has come, or will.
  Reports none;
  if (piece->reported) Forget(instance, piece, none);
  return true;
}

std::uint64_t OrderBook::unseen(InstanceNumber number) const {
  const auto found = instances_.find(number);
  return found == instances_.end() ? 0 : found->second.count;
}

std::uint64_t OrderBook::Lose(InstanceNumber number, Reports& reports) {
  const auto found = instances_.find(number);
  if (found == instances_.end()) return 0;
  Instance instance = std::move(found->second);
  instances_.erase(found);
  std::erase_if(pieces_, [number](const auto& entry) { return entry.second->instance == number; });
  std::uint64_t lost = 0;
  for (const Piece& piece : instance.pieces) {
    Order& order = *piece.order;
    std::vector<std::uint64_t> unseen;
    for (std::uint64_t i = piece.count; i-- > 0;) {
      if (instance.unseen.contains(KeyOf(order, piece.first + i))) {
        unseen.push_back(piece.first + i);
      }
    }
    // Which jobs of a piece were refused is unknown.
    unseen.resize(unseen.size() - std::min<std::size_t>(unseen.size(), piece.refused));
    lost += unseen.size();
    if (piece.reported) {
      if (!order.reported) order.report.accepted -= unseen.size();
    } else {
      order.unreported -= piece.count;
      if (!order.reported) order.report.accepted += piece.count - unseen.size();
    }
    waiting_ += unseen.size();
    order.again.insert(order.again.end(), unseen.begin(), unseen.end());
    std::ranges::sort(order.again, std::greater());
  }
  for (const Piece& piece : instance.pieces) {
    const OrderIt order = piece.order;
    if (closed_) Drop(order);
    Queue(order);
    --order->pieces;
    Settle(order, reports);
  }
  return lost;
}

// Drops the waiting jobs of an order.
void OrderBook::Drop(OrderIt order) {
  waiting_ -= order->waiting();
  order->report.dropped += order->waiting();
  order->next = order->what.portion.count;
  order->again.clear();
}

// Reports an order of which every job has been answered. It is remembered until every job was seen.
void OrderBook::Settle(OrderIt order, Reports& reports) {
  if (order->waiting() > 0 || order->unreported > 0) return;
  if (!order->reported) {
    order->reported = true;
    reports.push_back(std::move(order->report));
  }
  if (order->pieces == 0) orders_.erase(order);
}

std::uint64_t OrderBook::DropGroup(const engine::GroupPart& part, Reports& reports) {
  std::vector<OrderIt> found;
  for (const auto& [place, order] : queue_) {
    if (part.Has(order->what.portion)) found.push_back(order);
  }
  std::uint64_t count = 0;
  for (const OrderIt order : found) {
    const std::uint64_t waiting = order->waiting();
    count += waiting;
    order->report.canceled += waiting;
    Drop(order);
    Queue(order);
    Settle(order, reports);
  }
  return count;
}

void OrderBook::Close(Reports& reports) {
  closed_ = true;
  while (const std::optional<OrderIt> order = First()) {
    Drop(*order);
    Queue(*order);
    Settle(*order, reports);
  }
}

}  // namespace flux_ensemble::tree
