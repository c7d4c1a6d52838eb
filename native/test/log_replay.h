// Lets an engine take in the entries of a run's log again.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "log/entries.h"

namespace flux_ensemble::test {

class LogReplay final : public log::EntryVisitor {
 public:
  // `add_rule` adds the rule of a JSON text, as the owner of the run added it.
  LogReplay(engine::Engine& engine, std::function<void(std::string_view)> add_rule)
      : engine_(engine), add_rule_(std::move(add_rule)) {}

  void OnRun(std::string_view, const std::vector<std::string>&) override {}
  void OnRecords(std::span<const journal::Record> records) override {
    engine_.TakeRecords(records);
  }
  // The engine computes results by itself.
  void OnResult(journal::JobId, log::JobResult) override {}
  void OnProbed(const log::Probed& probed) override {
    engine_.Probed(probed.group, probed.first, probed.values, probed.time);
  }
  void OnSupply(std::uint32_t rule, std::vector<double> times) override {
    engine_.Supply(rule, times);
  }
  void OnPlain(log::EntryKind kind) override;
  void OnNumber(log::EntryKind kind, std::uint64_t number) override;
  void OnTime(log::EntryKind kind, double seconds) override;
  void OnText(log::EntryKind kind, std::string_view text) override;

 private:
  engine::Engine& engine_;
  const std::function<void(std::string_view)> add_rule_;
};

}  // namespace flux_ensemble::test
