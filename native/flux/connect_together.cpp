// The hubs of the process.
#include <cstdlib>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "flux/shared_connection.h"

namespace flux_ensemble::flux {

namespace {

// The hub of one URI. Sessions that connect wait for each other.
struct Place {
  std::mutex connecting;
  std::weak_ptr<Hub> hub;
};

std::shared_ptr<Place> PlaceOf(const std::string& uri) {
  static std::mutex mutex;
  // It is never destroyed, because threads may connect while the process exits.
  using Places = std::unordered_map<std::string, std::shared_ptr<Place>>;
  static Places& places = *std::make_unique<Places>().release();
  const std::lock_guard lock(mutex);
  std::shared_ptr<Place>& place = places[uri];
  if (place == nullptr) place = std::make_shared<Place>();
  return place;
}

// The URI that libflux-core takes for an empty one.
std::string MeantBy(const std::string& uri) {
  if (!uri.empty()) return uri;
  const char* const of_environment = std::getenv("FLUX_URI");
  return of_environment == nullptr ? std::string() : of_environment;
}

Connected Connect(const FluxSourceApi* api, const std::string& uri) {
  const std::shared_ptr<Place> place = PlaceOf(MeantBy(uri));
  const std::lock_guard lock(place->connecting);
  std::shared_ptr<Hub> hub = place->hub.lock();
  const bool known = hub != nullptr && !hub->lost();
  if (!known) {
    Connected own = ConnectAlone(api)(uri);
    if (own.connection == nullptr) return own;
    hub = std::make_shared<Hub>(std::move(own.connection));
    if (const int errnum = hub->Start()) return {nullptr, errnum, "no thread can be started"};
    place->hub = hub;
  }
  auto inbox = std::make_shared<HubInbox>();
  if (inbox->error() != 0) return {nullptr, inbox->error(), "no event descriptor can be made"};
  auto connection = std::make_unique<SharedConnection>(std::move(hub), std::move(inbox));
  if (known) connection->CountInactiveJobs();
  return {std::move(connection), 0, {}};
}

}  // namespace

Connector ConnectTogether(const FluxSourceApi* api) {
  return [api](const std::string& uri) { return Connect(api, uri); };
}

}  // namespace flux_ensemble::flux
