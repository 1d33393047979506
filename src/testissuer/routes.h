#pragma once

#include "http/router.h"
#include "testissuer/test_issuer.h"

namespace imp::testissuer {

/// What an issuer is asked for (`…/.well-known/openid-configuration`, `…/.well-known/jwks-pub.json`
/// of each shape), and what the test asks of it: GET / (its state), POST /token (a TokenRequest;
/// the token as text), POST /claims (the same; the claims as JSON), PUT /trouble ({"trouble"}),
/// POST /rotate. Anybody who reaches it gets any token, so it is for the machine it runs on. Posts
/// must be JSON, which a page of another site cannot send. `issuer` outlives the router.
void add_test_issuer_routes(http::Router& router, TestIssuer& issuer);

}  // namespace imp::testissuer
