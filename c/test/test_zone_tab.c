/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "format/zone_tab.h"

static const char ZONE[] = "# a comment\twith\ttabs\n"
                           "DE\t+5230+01322\tEurope/Berlin\tmost of Germany\n"
                           "DE\t+4742+00841\tEurope/Busingen\tBusingen\n"
                           "SE\t+5920+01803\tEurope/Stockholm\n"
                           "PT\t+3843-00908\tEurope/Lisbon\tmainland\n"
                           "PT\t+3744-02540\tAtlantic/Azores\tAzores\n"
                           "PT\t+3238-01654\tAtlantic/Somewhere\n";
static const char ZONE1970[] =
    "DE,DK,NO,SE,SJ\t+5230+01322\tEurope/Berlin\tmost of Germany\n"
    "CH,DE,LI\t+4723+00832\tEurope/Zurich\tBusingen\n"
    "\n"
    "no zone\n"
    "PT\t+3843-00908\tEurope/Lisbon\tmainland\n"
    "PT\t+3744-02540\tAtlantic/Azores\tAzores";

static void expect(const char *name, const char *kept)
{
    struct ndb_slice out = ndb_slice(NULL, 0);
    int rc = ndb_zone_tab_find(ndb_slice_text(ZONE), ndb_slice_text(ZONE1970),
                               ndb_slice_text(name), &out);

    assert_int_equal(rc, kept != NULL ? NAMIDB_OK : NAMIDB_NONE);
    if (kept != NULL)
        assert_true(ndb_slice_equal(out, ndb_slice_text(kept)));
}

static void test_zone_tab__a_country_of_one_zone_has_that(void **state)
{
    (void)state;
    expect("Europe/Stockholm", "Europe/Berlin");
}

static void test_zone_tab__what_is_kept_stands_for_itself(void **state)
{
    (void)state;
    expect("Europe/Berlin", NULL);
    expect("Atlantic/Azores", NULL);
}

static void test_zone_tab__does_not_guess(void **state)
{
    (void)state;
    expect("Europe/Busingen", NULL); /* Germany has two */
    expect("Atlantic/Somewhere", NULL);
    expect("Asia/Calcutta", NULL);
    expect("", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zone_tab__a_country_of_one_zone_has_that),
        cmocka_unit_test(test_zone_tab__what_is_kept_stands_for_itself),
        cmocka_unit_test(test_zone_tab__does_not_guess),
    };

    return cmocka_run_group_tests_name("zone_tab", tests, NULL, NULL);
}
