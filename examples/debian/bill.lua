-- What requests cost at S3 Standard's list prices (us-east-1, dollars).

local bill = {}

local PER_PUT_OR_LIST = 0.005 / 1000
local PER_GET = 0.0004 / 1000

local function dollars(puts_and_lists, gets)
    return puts_and_lists * PER_PUT_OR_LIST + gets * PER_GET
end

--- The bill of a handle so far, as one line.
function bill.of(requests)
    return ("at S3's list prices these requests cost $%.6f"):format(
        dollars(requests.put + requests.list, requests.get))
end

--- A week of one commit a minute: a PUT and, because a minute is a pause, a
-- LIST each; and a flush of two PUT every five minutes.
function bill.week()
    local commits = 7 * 24 * 60
    return ("a week of one commit a minute would cost $%.2f"):format(
        dollars(commits * 2 + commits / 5 * 2, 0))
end

return bill
