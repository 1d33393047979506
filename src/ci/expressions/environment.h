#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "ci/expressions/value.h"

namespace imp::ci::expr {

/// The variables an expression may name. A name is absent (nobody ever heard of it), present but
/// undefined (known, without a value in this pipeline), or present with a value.
class Environment {
 public:
  void set(std::string name, Value value) {
    values_.insert_or_assign(std::move(name), std::move(value));
  }

  /// Null for an absent name.
  const Value* find(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::string, Value, std::less<>> values_;
};

}  // namespace imp::ci::expr
