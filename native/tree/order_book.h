// The orders of a tree: which of their jobs wait, and where the others were sent. An order is split
// into pieces, one for each time that an instance takes some of its jobs. The reports of the pieces
// add up to one report.
//
// A job that was sent to a sub-instance is unseen until the journal of the sub-instance shows it. A
// sub-instance that has died can't run its unseen jobs any more, so they wait again.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runner/source.h"
#include "tree/instance_id.h"
#include "tree/shape.h"

namespace flux_ensemble::tree {

class OrderBook {
 public:
  struct Order {
    runner::SubmitOrder what;
    Need need;
    std::uint64_t next = 0;            // index of the next job that was never sent
    std::vector<std::uint64_t> again;  // indexes of jobs that wait again, in descending order
    std::uint64_t unreported = 0;      // jobs in pieces without a report
    std::uint64_t pieces = 0;          // that are remembered
    bool reported = false;
    runner::SubmitReport report;
    std::uint64_t number = 0;  // in the order in which they came

    std::uint64_t waiting() const { return what.portion.count - next + again.size(); }
  };
  using OrderIt = std::list<Order>::iterator;
  using Reports = std::vector<runner::SubmitReport>;

  // Orders with waiting jobs go in this order: higher urgencies first, then earlier orders.
  struct Place {
    int urgency = 0;
    std::uint64_t number = 0;
    bool operator<(const Place& other) const {
      return urgency != other.urgency ? urgency > other.urgency : number < other.number;
    }
  };
  static Place PlaceOf(const Order& order) { return {order.what.portion.urgency, order.number}; }

  // Adds an order and returns it; nothing when none of its jobs waits.
  std::optional<OrderIt> Add(runner::SubmitOrder what, Reports& reports);

  // The first order with waiting jobs, or the first one after a place.
  std::optional<OrderIt> First();
  std::optional<OrderIt> After(Place place);
  std::uint64_t waiting() const { return waiting_; }
  // Cores that the waiting jobs need, counted up to `most`.
  std::uint64_t waiting_cores(std::uint64_t most) const;

  // Takes at most `most` waiting jobs of an order with consecutive indexes, as an order to the
  // instance. Its number is that of the piece.
  runner::SubmitOrder Take(OrderIt order, std::uint64_t most, InstanceNumber instance);

  // Takes in the report of a piece. Jobs that were dropped by a sub-instance stay unseen until its
  // end is settled by Lose().
  void OnSubmitted(const runner::SubmitReport& report, Reports& reports);

  // The journal of a sub-instance shows a job with this key, see engine::KeyOf(). True when the job
  // was unseen.
  bool Show(InstanceNumber instance, std::uint64_t key);

  // Unseen jobs of a sub-instance.
  std::uint64_t unseen(InstanceNumber instance) const;

  // The sub-instance has died: its unseen jobs wait again, or are dropped once the book is closed.
  // Returns how many.
  std::uint64_t Lose(InstanceNumber instance, Reports& reports);

  // Drops those of these jobs that wait, because they were canceled. Returns how many.
  std::uint64_t DropGroup(const engine::GroupPart& part, Reports& reports);

  // Drops all waiting jobs, and those that will be added.
  void Close(Reports& reports);

 private:
  struct Piece {
    OrderIt order;
    InstanceNumber instance = kParent;
    std::uint64_t first = 0;  // index
    std::uint64_t count = 0;
    std::uint64_t seen = 0;
    std::uint64_t refused = 0;
    bool reported = false;
  };
  using PieceIt = std::list<Piece>::iterator;
  struct Instance {
    std::unordered_map<std::uint64_t, PieceIt> unseen;  // by the job's key
    std::list<Piece> pieces;
    std::uint64_t count = 0;  // of unseen jobs, without those that were refused
  };

  static std::uint64_t KeyOf(const Order& order, std::uint64_t index);
  void Queue(OrderIt order);
  void Drop(OrderIt order);
  void Settle(OrderIt order, Reports& reports);
  void Forget(Instance& instance, PieceIt piece, Reports& reports);

  std::list<Order> orders_;
  std::map<Place, OrderIt> queue_;
  std::unordered_map<InstanceNumber, Instance> instances_;
  std::unordered_map<std::uint64_t, PieceIt> pieces_;  // without a report, by number
  std::uint64_t waiting_ = 0;
  std::uint64_t last_order_ = 0;
  std::uint64_t last_piece_ = 0;
  bool closed_ = false;
};

}  // namespace flux_ensemble::tree
