#include "http/response.h"
#include "registry/api/routes.h"
#include "registry/packages/registry_key.h"

namespace imp::registry {

void add_key_routes(http::Router& router, RegistryServices& services) {
  http::RouteOptions cached;
  cached.no_store = false;
  router.add(
      http::Method::get, "/-/npm/v1/keys",
      [&services](const http::Request&) {
        auto document = services.database.read(
            [&](db::Session& session) -> Result<std::string> { return keys_document(session); });
        if (!document) return http::failure(document.error());
        http::Response response = http::json_text(200, std::move(*document));
        response.header("cache-control", "public, max-age=300");
        return response;
      },
      cached);
}

}  // namespace imp::registry
