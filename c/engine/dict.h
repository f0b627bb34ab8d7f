/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dict.h - names and their numbers.
 *
 * Labels, types and property names are numbered from 1 in the order in which
 * they were first used. A number never changes its name, so readers need no
 * version: a name that is known too early has no rows yet. Any thread may call;
 * adding is for the writer's transaction or for replay, one at a time.
 */
#ifndef NDB_ENGINE_DICT_H
#define NDB_ENGINE_DICT_H

#include "base/slice.h"
#include "format/manifest.h"
#include "namidb.h"

struct ndb_dict;

int ndb_dict_new(struct ndb_dict **dict);
void ndb_dict_free(struct ndb_dict *dict);

/* Unique in this process, for those who remember numbers; never 0. */
uint64_t ndb_dict_serial(const struct ndb_dict *dict);

/* 0: unknown. */
uint32_t ndb_dict_find(struct ndb_dict *dict, enum namidb_name_kind kind,
                       struct ndb_slice name);
/* NULL: no such number. NUL-terminated; lives as long as the dictionary. */
const char *ndb_dict_name(struct ndb_dict *dict, enum namidb_name_kind kind,
                          uint32_t number, size_t *bytes);
uint32_t ndb_dict_count(struct ndb_dict *dict, enum namidb_name_kind kind);

/* Finds or adds. NAMIDB_OK, NAMIDB_EINVAL (empty, not UTF-8), NAMIDB_ELIMIT
 * (too long, too many), NAMIDB_ENOMEM. */
int ndb_dict_add(struct ndb_dict *dict, enum namidb_name_kind kind,
                 struct ndb_slice name, uint32_t *number, namidb_error *err);

/* Replay: `number` is known by that very name, or is the next one.
 * NAMIDB_ECORRUPT otherwise. */
int ndb_dict_define(struct ndb_dict *dict, enum namidb_name_kind kind,
                    uint32_t number, struct ndb_slice name);
/* Defines all names of a manifest. */
int ndb_dict_load(struct ndb_dict *dict, const struct ndb_manifest *manifest);

#endif
