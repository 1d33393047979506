#include "demo/world.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/encoding.h"

namespace imp::demo {

std::vector<RecipeJob> World::guide_jobs() const {
  return {
      {.steps = holdings_step() + publish_step("Publish to npm", host, "publish --access public")}};
}

Outcome<std::string> World::push_release(const std::string& version,
                                         const std::vector<RecipeJob>& jobs,
                                         const std::string& message) {
  auto files = package_files(names.package(), version, url);
  files.push_back(config_file(image, jobs));
  if (const auto written = widget->write(files); !written) return relay(written);
  return widget->push(alice, message);
}

Outcome<boost::json::value> World::live(const std::string& version) {
  const std::string path = "/" + percent_encode(names.package());
  auto packument = api.look(alice, path);
  if (!packument) return packument;
  if (text_at(*packument, "versions/" + version + "/version") != version) {
    return surprise(fmt::format("{}@{} is live", names.package(), version),
                    "latest is " + text_at(*packument, "dist-tags/latest"));
  }
  say.good(fmt::format("{}@{} is live", names.package(), version));
  return packument;
}

Outcome<void> World::trust(const std::string& permission_flag) {
  const auto code = authenticator->code();
  if (!code) return relay(code);
  const auto end = programs.npm(
      &alice, widget->directory(),
      {"trust", "circleci", names.package(), "--org-id", ids.organization, "--project-id",
       ids.project, "--pipeline-definition-id", ids.definition, "--vcs-origin", ids.origin,
       "--context-id", ids.context, permission_flag, "--yes", "--otp=" + *code});
  if (auto well = ended_well(end, "npm trust circleci"); !well) return well;
  constexpr std::string_view key = "\nid: ";
  const std::size_t at = end->output.find(key);
  if (at == std::string::npos) return surprise("npm shows the publisher's id", end->output);
  const std::size_t start = at + key.size();
  publisher = end->output.substr(start, end->output.find_first_of("\r\n", start) - start);
  return {};
}

Outcome<void> World::revoke_trust() {
  const auto code = authenticator->code();
  if (!code) return relay(code);
  const auto end =
      programs.npm(&alice, widget->directory(),
                   {"trust", "revoke", names.package(), "--id", publisher, "--otp=" + *code});
  return ended_well(end, "npm trust revoke");
}

}  // namespace imp::demo
