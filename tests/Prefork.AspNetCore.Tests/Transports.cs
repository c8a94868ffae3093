namespace Prefork.AspNetCore.Tests;

/// <summary>Runs the same on Kestrel's own transport and on ours, and compares what is seen.</summary>
internal static class Transports
{
    /// <summary>What Kestrel's sockets do is written in the test, so that a newer Kestrel that does something else is noticed.</summary>
    internal static async Task SameAsync(string expected, Func<Carrier, Task<string>> seen, int times = 1)
    {
        foreach (var carrier in Enum.GetValues<Carrier>())
        {
            for (var i = 0; i < times; i++)
            {
                var actual = await seen(carrier);
                Assert.True(expected == actual, $"{carrier}, time {i + 1} of {times}:\nexpected {expected}\nactual   {actual}");
            }
        }
    }

    /// <summary>As above, with one server for all times.</summary>
    internal static async Task SameAsync(string expected, Func<Carrier, Task<TestServer>> start, Func<TestServer, Task<string>> seen, int times = 1)
    {
        foreach (var carrier in Enum.GetValues<Carrier>())
        {
            await using var server = await start(carrier);
            for (var i = 0; i < times; i++)
            {
                var actual = await seen(server);
                Assert.True(expected == actual, $"{carrier}, time {i + 1} of {times}:\nexpected {expected}\nactual   {actual}");
            }
        }
    }
}
