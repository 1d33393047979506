#pragma once

#include <span>
#include <string_view>

namespace imp::registry {

/// What the path of a read asks for.
struct ReadPath {
  std::string_view name;  ///< of the package; empty: the path asks for something else
  std::string_view file;  ///< of the tarball; empty: the packument
};

/// Takes "/<name>" and "/<name>/-/<file>" apart, for every spelling of a scoped name that clients
/// use ("/@a/b", "/@a%2fb", "/%40a%2Fb") and no other escape. The name is decoded into `buffer`,
/// and is not checked: it is good for looking something up.
ReadPath read_path(std::string_view path, std::span<char> buffer);

}  // namespace imp::registry
