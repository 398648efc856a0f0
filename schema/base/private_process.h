/* What both programs do first: they hold events, keys and secrets. */
#ifndef SCHEMA_BASE_PRIVATE_PROCESS_H
#define SCHEMA_BASE_PRIVATE_PROCESS_H

/* What files are made from now on, others may neither read nor write, and neither may the group
 * (umask 077). No core is dumped, nor may another process of this user read this one's memory.
 * Before any thread. */
void private_process_begin(void);
/* The group may read what is made from now on (umask 027), as far as each file's own mode goes. */
void private_process_let_group_read(void);

#endif
