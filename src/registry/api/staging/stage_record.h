#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "registry/staging/staged_release.h"

namespace imp::registry {

/// How the audit log names a staged release.
inline std::string stage_subject(const StagedRelease& release) {
  return "package:" + release.candidate.name + "@" + release.candidate.version;
}
/// What its records keep of it, whatever happens to it.
inline boost::json::object stage_detail(const StagedRelease& release) {
  return {{"stage", release.id},
          {"integrity", release.candidate.tarball.integrity},
          {"run", release.run}};
}

}  // namespace imp::registry
