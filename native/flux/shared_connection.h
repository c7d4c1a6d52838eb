// The part of a session in a shared connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "flux/hub.h"

namespace flux_ensemble::flux {

class SharedConnection final : public Connection {
 public:
  SharedConnection(std::shared_ptr<Hub> hub, std::shared_ptr<HubInbox> inbox);
  ~SharedConnection() override;

  // Requests how many inactive jobs there are now. Waits for the answer; called before the others.
  void CountInactiveJobs();

  const FluxInstance& instance() const override { return instance_; }
  int fd() const override { return inbox_->fd(); }
  int Pump(const FluxListener& listener, int limit) override;
  int OpenJournal(std::uint64_t stream, const JournalOptions& options) override;
  int CloseJournal(std::uint64_t stream) override;
  int Call(std::uint64_t request, const char* topic, const char* json, std::uint32_t rank) override;
  int Submit(std::uint64_t request, const char* jobspec, int urgency) override;

 private:
  void Deliver(const HubMessage& message, const FluxListener& listener);
  void DeliverRecord(const HubMessage& message, const FluxListener& listener);

  const std::shared_ptr<Hub> hub_;
  const std::shared_ptr<HubInbox> inbox_;
  FluxInstance instance_;
  std::vector<HubMessage> messages_;
  std::unordered_map<std::uint64_t, std::vector<std::string>> wishes_;  // names, by the stream
  std::string kept_;
};

}  // namespace flux_ensemble::flux
