#include "flux/connection.h"

#include <cerrno>
#include <utility>

#include "flux/flux_messages.h"

namespace flux_ensemble::flux {

namespace {

class OwnConnection final : public Connection {
 public:
  OwnConnection(const FluxSourceApi* api, FluxSource* source) : api_(api), source_(source) {
    api_->instance(source_, &instance_);
  }
  ~OwnConnection() override { api_->close(source_); }

  const FluxInstance& instance() const override { return instance_; }
  int fd() const override { return api_->fd(source_); }
  int Pump(const FluxListener& listener, int limit) override {
    return api_->pump(source_, &listener, limit);
  }
  int OpenJournal(std::uint64_t stream, const JournalOptions& options) override {
    return api_->open_journal(source_, stream, JournalRequest(options).c_str());
  }
  int CloseJournal(std::uint64_t stream) override { return api_->close_journal(source_, stream); }
  int Call(std::uint64_t request, const char* topic, const char* json,
           std::uint32_t rank) override {
    return api_->call(source_, request, topic, json, rank);
  }
  int Submit(std::uint64_t request, const char* jobspec, int urgency) override {
    return api_->submit(source_, request, jobspec, urgency);
  }

 private:
  const FluxSourceApi* const api_;
  FluxSource* const source_;
  FluxInstance instance_{};
};

}  // namespace

Connector ConnectAlone(const FluxSourceApi* api) {
  return [api](const std::string& uri) -> Connected {
    char error[256] = "";
    FluxSource* const source = api->open(uri.empty() ? nullptr : uri.c_str(), error, sizeof error);
    if (source == nullptr) return {nullptr, errno, error};
    return {std::make_unique<OwnConnection>(api, source), 0, {}};
  };
}

}  // namespace flux_ensemble::flux
