#pragma once

#include <string>

#include "base/clock.h"

namespace imp::accounts {

/// Somebody with an account: npm's user and the CI half's actor.
struct Person {
  std::string id = {};    ///< UUID; never changes and is never used again
  std::string name = {};  ///< npm user name, see name.h; also the person's own npm scope
  std::string email = {};
  bool is_admin = false;                                  ///< administers this server
  std::string fullname = {}, homepage = {}, github = {};  ///< npm profile; empty when not set
  Time created = {}, updated = {};
};

}  // namespace imp::accounts
