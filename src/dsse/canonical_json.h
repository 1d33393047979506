#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace imp::dsse {

/// The value without white space and with the members of each object in the order of their names'
/// bytes, as RFC 8785 has it for names of the basic plane: equal values have equal texts, in
/// whatever order they were put together. A number that is not whole has a text that some readers,
/// Boost.JSON among them, take for one that differs in its last bit.
std::string canonical_json(const boost::json::value& value);

}  // namespace imp::dsse
