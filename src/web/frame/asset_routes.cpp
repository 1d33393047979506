#include <map>

#include "http/prepared.h"
#include "web/frame/embedded_file.h"
#include "web/routes.h"

namespace imp::web {

namespace {

constexpr std::string_view kFolder = "assets/";

std::string_view content_type(std::string_view file) {
  if (file.ends_with(".css")) return "text/css; charset=utf-8";
  if (file.ends_with(".js")) return "text/javascript; charset=utf-8";
  return "image/svg+xml";
}

using Assets = std::map<std::string, std::shared_ptr<const http::Prepared>, std::less<>>;

Assets prepared_assets() {
  Assets assets;
  for (const EmbeddedFile& file : embedded_files()) {
    if (!file.name.starts_with(kFolder)) continue;
    assets[std::string(file.name.substr(kFolder.size()))] = http::prepare(
        std::string(file.text), {.content_type = std::string(content_type(file.name)),
                                 .cache_control = "public, max-age=31536000, immutable",
                                 .vary = "Accept-Encoding",
                                 .extra = {{"x-content-type-options", "nosniff"}}});
  }
  return assets;
}

}  // namespace

void add_asset_routes(http::Router& router) {
  http::RouteOptions cached;
  cached.no_store = false;
  router.add(
      http::Method::get, "/-/assets/{file}",
      [assets = prepared_assets()](const http::Request& request) {
        const auto asset = assets.find(request.param("file"));
        http::Response response;
        if (asset == assets.end()) return http::text(404, "There is no such file.\n");
        response.body = asset->second;
        return response;
      },
      cached);
}

}  // namespace imp::web
