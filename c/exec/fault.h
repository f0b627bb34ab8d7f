/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.h - what can be wrong with a query while it runs.
 *
 * A fault has one of the library's codes, for programs, and the class and
 * detail by which openCypher's conformance kit names it, for people.
 */
#ifndef NDB_EXEC_FAULT_H
#define NDB_EXEC_FAULT_H

#include "namidb.h"

/* name, status, "Class.Detail" */
#define NDB_FAULT_MAP(X)                                                       \
    X(ARGUMENT_TYPE, EINVAL, "TypeError.InvalidArgumentType")                  \
    X(ARGUMENT_VALUE, EINVAL, "TypeError.InvalidArgumentValue")                \
    X(PROPERTY_TYPE, EINVAL, "TypeError.InvalidPropertyType")                  \
    X(MAP_KEY, EINVAL, "TypeError.MapElementAccessByNonString")                \
    X(LIST_INDEX, EINVAL, "TypeError.ListElementAccessByNonInteger")           \
    X(OUT_OF_RANGE, EINVAL, "ArgumentError.NumberOutOfRange")                  \
    X(NEGATIVE, EINVAL, "SyntaxError.NegativeIntegerArgument")                 \
    X(BOUND_TYPE, EINVAL, "SyntaxError.InvalidArgumentType")                   \
    X(ARGUMENT, EINVAL, "ArgumentError.InvalidArgumentType")                   \
    X(OVERFLOW, EINVAL, "ArithmeticError.IntegerOverflow")                     \
    X(DIVISION, EINVAL, "ArithmeticError.DivisionByZero")                      \
    X(DELETED, ENOTFOUND, "EntityNotFound.DeletedEntityAccess")                \
    X(CONNECTED, ECONSTRAINT,                                                  \
      "ConstraintVerificationFailed.DeleteConnectedNode")                      \
    X(CONSTRAINT, ECONSTRAINT,                                                 \
      "ConstraintVerificationFailed.ConstraintViolation")                      \
    X(ONE_TYPE, EINVAL, "SyntaxError.NoSingleRelationshipType")                \
    X(MERGE_NULL, EINVAL, "SemanticError.MergeReadOwnWrites")                  \
    X(PARAMETER, EINVAL, "ParameterMissing.MissingParameter")                  \
    X(PROCEDURE, EINVAL, "ProcedureError.ProcedureFailed")                     \
    X(TOO_LARGE, ELIMIT, "LimitError.ValueTooLarge")                           \
    X(MEMORY, ELIMIT, "LimitError.MemoryLimit")                                \
    X(ROWS, ELIMIT, "LimitError.RowLimit")

enum ndb_fault {
#define NDB_X(name, status, text) NDB_FAULT_##name,
    NDB_FAULT_MAP(NDB_X)
#undef NDB_X
};

/* Fills *err (NULL is allowed), err->fault included, and returns the status. */
int ndb_raise(namidb_error *err, enum ndb_fault fault, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
