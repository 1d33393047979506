#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

#include "registry/publish/candidate.h"
#include "registry/publish/refusal.h"

namespace imp::registry {
namespace {

namespace json = boost::json;

std::string text(const json::object& object, std::string_view key) {
  return std::string(object.at(key).as_string());
}
std::uint64_t number(const json::object& object, std::string_view key) {
  return object.at(key).to_number<std::uint64_t>();
}

}  // namespace

std::string to_json(const PublishCandidate& candidate) {
  const TarballFacts& tarball = candidate.tarball;
  json::value access;
  if (candidate.access) access = std::string(registry::name(*candidate.access));
  return json::serialize(json::object{{"name", candidate.name},
                                      {"version", candidate.version},
                                      {"tag", candidate.tag},
                                      {"access", access},
                                      {"manifest", candidate.clean.manifest},
                                      {"readme", candidate.clean.readme},
                                      {"readmeFilename", candidate.clean.readme_filename},
                                      {"provenance", candidate.provenance},
                                      {"tarball",
                                       {{"sha512", tarball.sha512},
                                        {"shasum", tarball.shasum},
                                        {"integrity", tarball.integrity},
                                        {"size", tarball.size},
                                        {"fileCount", tarball.file_count},
                                        {"unpackedSize", tarball.unpacked_size},
                                        {"hasInstallScript", tarball.has_install_script},
                                        {"hasShrinkwrap", tarball.has_shrinkwrap}}}});
}

Result<PublishCandidate> candidate_from_json(std::string_view document) {
  try {
    json::parse_options options;
    options.max_depth = 80;  // deeper than what a publish document may hold
    const json::value value =
        json::parse(json::string_view(document.data(), document.size()), {}, options);
    const json::object& object = value.as_object();
    const json::object& tarball = object.at("tarball").as_object();
    PublishCandidate out;
    out.name = text(object, "name");
    if (!PackageName::for_read(out.name)) throw std::out_of_range("name");
    out.version = text(object, "version");
    out.tag = text(object, "tag");
    if (const json::value& access = object.at("access"); access.is_string()) {
      out.access = access_from(std::string_view(access.get_string()));
    }
    out.clean.manifest = object.at("manifest").as_object();
    out.clean.readme = text(object, "readme");
    out.clean.readme_filename = text(object, "readmeFilename");
    out.provenance = text(object, "provenance");
    out.tarball.sha512 = text(tarball, "sha512");
    out.tarball.shasum = text(tarball, "shasum");
    out.tarball.integrity = text(tarball, "integrity");
    out.tarball.size = number(tarball, "size");
    out.tarball.file_count = number(tarball, "fileCount");
    out.tarball.unpacked_size = number(tarball, "unpackedSize");
    out.tarball.has_install_script = tarball.at("hasInstallScript").as_bool();
    out.tarball.has_shrinkwrap = tarball.at("hasShrinkwrap").as_bool();
    return out;
  } catch (const std::exception& error) {
    return refuse(PublishRefusal::malformed_json, "The kept publish document is damaged.",
                  error.what());
  }
}

}  // namespace imp::registry
