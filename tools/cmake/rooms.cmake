# Rooms: a folder of sources that is one static library. The target of schema/block is schema_block.
# What is written here is also what tools/dev/check_layers holds the includes against.
#
#   stele_room(SOURCES FILE... [PUBLIC HEADER...] [USES ROOM...] [LIBRARIES TARGET...] [SQL NAME...])
#
# PUBLIC     the headers that other rooms may include; all others are the room's own
# USES       the rooms whose headers it includes: only rooms that were added before it
# LIBRARIES  libraries of others
# SQL        NAME.sql of the room, as the string NAME_sql in the program

# The names of rooms as the names of their targets.
function(stele_targets out)
    list(TRANSFORM ARGN REPLACE "/" "_")
    set(${out} ${ARGN} PARENT_SCOPE)
endfunction()

# stele_use(target ROOM...): links rooms to a program or a test.
function(stele_use target)
    stele_targets(rooms ${ARGN})
    foreach(room IN LISTS rooms)
        if(NOT TARGET ${room})
            message(FATAL_ERROR "${target}: there is no room ${room} before it")
        endif()
    endforeach()
    target_link_libraries(${target} PRIVATE stele_flags ${rooms})
endfunction()

function(stele_embed target name)
    set(output ${CMAKE_CURRENT_BINARY_DIR}/${name}.sql.c)
    set(input ${CMAKE_CURRENT_SOURCE_DIR}/${name}.sql)
    add_custom_command(
        OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -DINPUT=${input} -DOUTPUT=${output} -DNAME=${name}_sql
                -P ${PROJECT_SOURCE_DIR}/tools/cmake/embed.cmake
        DEPENDS ${input} ${PROJECT_SOURCE_DIR}/tools/cmake/embed.cmake)
    target_sources(${target} PRIVATE ${output})
endfunction()

function(stele_room)
    cmake_parse_arguments(PARSE_ARGV 0 ROOM "" "" "SOURCES;PUBLIC;USES;LIBRARIES;SQL")
    if(ROOM_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "${ROOM_UNPARSED_ARGUMENTS}: not a part of a room")
    endif()
    file(RELATIVE_PATH path ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
    stele_targets(name ${path})
    stele_targets(uses ${ROOM_USES})
    foreach(used IN LISTS uses)
        if(NOT TARGET ${used})
            message(FATAL_ERROR "${path} uses ${used}, which is not before it in the order of rooms")
        endif()
    endforeach()
    add_library(${name} STATIC ${ROOM_SOURCES})
    foreach(sql IN LISTS ROOM_SQL)
        stele_embed(${name} ${sql})
    endforeach()
    target_link_libraries(${name} PUBLIC stele_flags ${uses} PRIVATE ${ROOM_LIBRARIES})
endfunction()
