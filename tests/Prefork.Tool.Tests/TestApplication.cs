using System.Diagnostics;
using System.Text.Json;

namespace Prefork.Tool.Tests;

/// <summary>An application in the background, with folders of its own for socket and log, and commands that speak to it.</summary>
internal sealed class TestApplication : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("prefork-test-");

    internal string Runtime => Path.Combine(_folder.FullName, "prefork");

    internal string Folder => _folder.FullName;

    /// <summary>What leads to this application, and to no other.</summary>
    internal IReadOnlyDictionary<string, string?> Environment => new Dictionary<string, string?> { ["XDG_RUNTIME_DIR"] = Folder, ["XDG_STATE_HOME"] = Folder };

    internal async Task<int> StartAsync(params string[] options)
    {
        var result = await CommandAsync(["start", Published.WebApp, "--name", "shop", "--watch-window", "0", .. options.Contains("-w") ? Array.Empty<string>() : ["-w", "2"], .. options, "--", "--urls=http://127.0.0.1:0"]);
        Assert.True(result.Code == 0, result.Error);
        return (await StatusAsync()).GetProperty("processId").GetInt32();
    }

    /// <summary>What a configuration file in this application's folder says.</summary>
    internal Task WriteAsync(string json) => File.WriteAllTextAsync(ConfigurationFile, json);

    internal string ConfigurationFile => Path.Combine(Folder, "prefork.json");

    /// <summary>The port that its log tells of.</summary>
    internal async Task<int> PortAsync()
    {
        var logs = await CommandAsync("logs", "shop", "-n", "1000");
        var line = logs.Output.Split('\n').First(static line => line.Contains(" prefork listening on ", StringComparison.Ordinal));
        return System.Net.IPEndPoint.Parse(line.Split(' ')[^1]).Port;
    }

    /// <summary>In the folder that the application's configuration is in.</summary>
    internal async Task<(int Code, string Output, string Error)> CommandAsync(params string[] arguments)
        => await RunAsync(new ProcessStartInfo(Published.Command, arguments));

    internal async Task SucceedAsync(params string[] arguments)
    {
        var (code, _, error) = await CommandAsync(arguments);
        Assert.True(code == 0, error);
    }

    /// <param name="start">The program.</param>
    /// <param name="variables">Beside those that lead to this application; null as a value takes one away.</param>
    internal async Task<(int Code, string Output, string Error)> RunAsync(ProcessStartInfo start, params (string Name, string? Value)[] variables)
    {
        start.WorkingDirectory = Folder;
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        foreach (var (name, value) in Environment.Concat(variables.Select(static variable => KeyValuePair.Create(variable.Name, variable.Value))))
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            var error = process.StandardError.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>What <c>describe --json</c> says of it.</summary>
    internal async Task<JsonElement> StatusAsync()
    {
        var result = await CommandAsync("describe", "shop", "--json");
        Assert.True(result.Code == 0, result.Error);
        return JsonDocument.Parse(result.Output).RootElement[0];
    }

    /// <summary>What <c>list --json</c> says of this user's applications in this folder. Root's list has those of other users, too, which may run on this machine.</summary>
    internal async Task<IReadOnlyList<JsonElement>> ListAsync(params string[] options) => OwnIn((await CommandAsync(["list", "--json", .. options])).Output);

    internal static IReadOnlyList<JsonElement> OwnIn(string list) => [.. JsonDocument.Parse(list).RootElement.EnumerateArray().Where(static application => !application.TryGetProperty("user", out _))];

    internal async Task<int[]> PidsAsync() => [.. (await StatusAsync()).GetProperty("cluster").GetProperty("workers").EnumerateArray().Select(worker => worker.GetProperty("processId").GetInt32())];

    /// <summary>Looks again and again: for what no event tells of. A look may be a command, which takes its time.</summary>
    internal static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        var patience = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(patience.Elapsed < 3 * TestProgram.Patience, "It did not come about.");
            await Task.Delay(20);
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await CommandAsync("stop", "shop", "--now");
        }
        finally
        {
            // One that could not be told is a test that failed, and is not left behind all the same; its workers go with it.
            foreach (var pid in Left())
            {
                Native.Kill(pid, Native.SigKill);
            }

            _folder.Delete(recursive: true);
        }
    }

    /// <summary>Processes that have this application's folder in their environment.</summary>
    private IEnumerable<int> Left()
    {
        foreach (var folder in Directory.GetDirectories("/proc"))
        {
            var isOurs = false;
            try
            {
                isOurs = int.TryParse(Path.GetFileName(folder), out _) && File.ReadAllText(Path.Combine(folder, "environ")).Split('\0').Contains($"XDG_RUNTIME_DIR={Folder}");
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It has gone, or is another user's.
            }

            if (isOurs)
            {
                yield return int.Parse(Path.GetFileName(folder), System.Globalization.CultureInfo.InvariantCulture);
            }
        }
    }
}
