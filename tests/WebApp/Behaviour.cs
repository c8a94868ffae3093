using System.Diagnostics;

/// <summary>The ways in which a new version goes wrong.</summary>
internal static class Behaviour
{
    private static readonly List<byte[]> s_hoard = [];
    private static int s_hanging;

    /// <summary>From the environment; or, when that names a file, from the file if there is one: what changes while the environment does not.</summary>
    internal static string? Wanted => Environment.GetEnvironmentVariable("BEHAVE_WHEN") is { } file
        ? File.Exists(file) ? File.ReadAllText(file) : null
        : Environment.GetEnvironmentVariable("BEHAVE");

    internal static void BeforeStart(string? how)
    {
        switch (how)
        {
            case "exit":
                Console.Error.WriteLine("the database has no table 'orders'");
                Environment.Exit(3);
                break;
            case "throw":
                throw new InvalidOperationException("the database has no table 'orders'");
            case "finish":
                Environment.Exit(42);
                break;
            case "stuck":
                Console.Error.WriteLine("waiting for something that never comes");
                Thread.Sleep(Timeout.Infinite);
                break;
        }
    }

    /// <summary>linger:MS does not come to an end when it stops.</summary>
    internal static void OnceBuilt(string? how, IHostApplicationLifetime lifetime)
    {
        if (how?.StartsWith("linger:", StringComparison.Ordinal) is true)
        {
            lifetime.ApplicationStopping.Register(static () => Thread.Sleep(Timeout.Infinite));
        }
    }

    /// <summary>crash:MS is killed so much later; stop:MS and linger:MS stop then, as a host does whose background service has thrown.</summary>
    internal static void AfterStart(string? how, IHostApplicationLifetime lifetime)
    {
        if (how?.Split(':') is not [var what, var time])
        {
            return;
        }

        _ = Task.Run(async () =>
        {
            await Task.Delay(int.Parse(time, System.Globalization.CultureInfo.InvariantCulture));
            Console.Error.WriteLine("a crash that comes later");
            if (what == "crash")
            {
                Process.GetCurrentProcess().Kill();
            }

            Environment.ExitCode = 5;
            lifetime.StopApplication();
        });
    }

    /// <summary>What a request brings about.</summary>
    internal static string Now(string how)
    {
        switch (how)
        {
            case "hang":
                ThreadPool.SetMaxThreads(Environment.ProcessorCount, Environment.ProcessorCount);
                for (var i = 0; i < 2 * Environment.ProcessorCount; i++)
                {
                    ThreadPool.UnsafeQueueUserWorkItem(static _ => Hang(), null);
                }

                break;
            case "hoard":
                var block = new byte[256 << 20];
                Array.Fill(block, (byte)1);
                s_hoard.Add(block);
                break;
            case "child":
                return $"{Process.Start(new ProcessStartInfo("sleep", "1000"))!.Id}";
            case "exit":
                Environment.Exit(6);
                break;
        }

        return how;
    }

    /// <summary>Says so when there is no thread of the pool left, and not before: until then the worker serves.</summary>
    private static void Hang()
    {
        if (Interlocked.Increment(ref s_hanging) == Environment.ProcessorCount)
        {
            Console.Error.WriteLine("hangs");
        }

        Thread.Sleep(Timeout.Infinite);
    }
}
