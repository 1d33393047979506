# The two halves meet only through a signed ID token: no target of one may reach a target of the other.

function(imprimatur_reachable target seen)
  set(found ${${seen}})
  get_target_property(links ${target} LINK_LIBRARIES)
  get_target_property(interface ${target} INTERFACE_LINK_LIBRARIES)
  foreach(dependency ${links} ${interface})
    string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" dependency "${dependency}")
    if(dependency MATCHES "^imp_" AND NOT dependency IN_LIST found)
      list(APPEND found ${dependency})
      imprimatur_reachable(${dependency} found)
    endif()
  endforeach()
  set(${seen} ${found} PARENT_SCOPE)
endfunction()

get_property(registry_targets GLOBAL PROPERTY IMPRIMATUR_REGISTRY_TARGETS)
get_property(ci_targets GLOBAL PROPERTY IMPRIMATUR_CI_TARGETS)
foreach(target ${registry_targets} ${ci_targets})
  set(reached "")
  imprimatur_reachable(${target} reached)
  foreach(other ${reached})
    if((target IN_LIST registry_targets AND other IN_LIST ci_targets) OR
       (target IN_LIST ci_targets AND other IN_LIST registry_targets))
      message(FATAL_ERROR "${target} reaches ${other}: the registry half and the CI half must not "
                          "link each other (docs/threat-model.md, 'Two halves, one token').")
    endif()
  endforeach()
endforeach()
