local namidb = require("namidb")

describe("Client", function()
    it("offers the upstream names", function()
        local client = assert(namidb.Client("memory://client-" ..
            (math.type and "puc" or "jit")))
        client:upsert_node("Person", "alice", { age = 30 })
        client:upsert_node("Person", "bob")
        client:upsert_edge("KNOWS", { "Person", "alice" }, { "Person", "bob" },
                           { since = 2020 })
        assert.is_nil(client:lookup_node("Person", "alice"))
        assert.is_true(client:commit())
        local alice = client:lookup_node("Person", "alice")
        assert.equal(30, alice.age)
        local seen = 0
        for edge, friend in client:out_edges(alice, "KNOWS") do
            assert.equal(2020, edge.since)
            assert.equal("bob", friend.key)
            for _, back in client:in_edges(friend) do
                assert.equal(alice, back)
                seen = seen + 1
            end
        end
        for _ in client:scan_label("Person") do seen = seen + 1 end
        for _ in client:scan_edge_type("KNOWS") do seen = seen + 1 end
        assert.equal(4, seen)
        client:tombstone_edge("KNOWS", { "Person", "alice" },
                              { "Person", "bob" })
        client:tombstone_node("Person", "bob")
        assert.is_true(client:commit())
        assert.is_true(client:flush())
        assert.is_nil(client:lookup_node("Person", "bob"))
        assert.is_table(client:cache_stats().store)

        client:upsert_edge("KNOWS", { "Person", "alice" }, { "Person", "no" })
        local done, err = client:commit()
        assert.is_nil(done)
        assert.equal("not_found", err.code)
        assert.is_true(client:commit())
        client:close()
    end)
end)
