using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Prefork.Templates.Tests;

/// <summary>
/// An application as <c>dotnet new</c> makes it, published and run by <c>prefork run</c> with two workers. Made outside the repository: nothing of ours is in its build.
/// </summary>
internal sealed class TemplateApp : IAsyncDisposable
{
    private const int Workers = 2;
    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> s_published = new();
    private static readonly DirectoryInfo s_bin = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/')).Parent!.Parent!;
    private static readonly DirectoryInfo s_folder = Directory.CreateTempSubdirectory("prefork-templates-");

    private readonly TestProgram _run;

    static TemplateApp() => AppDomain.CurrentDomain.ProcessExit += static (_, _) => s_folder.Delete(recursive: true);

    private TemplateApp(TestProgram run, Uri address)
    {
        _run = run;
        Address = address;
    }

    internal Uri Address { get; }

    internal static async Task<TemplateApp> StartAsync(string template, params string[] options)
    {
        var folder = await s_published.GetOrAdd(template, _ => new Lazy<Task<string>>(() => PublishAsync(template, options))).Value;
        var run = new TestProgram(
            Path.Combine(s_bin.FullName, "Prefork.Tool/release/Prefork.Tool"),
            ["run", Path.Combine(folder, "Example.dll"), "-w", $"{Workers}", "--cwd", folder, "--", "--urls", "http://127.0.0.1:0"]);
        var port = IPEndPoint.Parse((await run.ExpectErrorAsync("prefork: listening on ")).Split(' ')[^1]).Port;
        return new TemplateApp(run, new Uri($"http://127.0.0.1:{port}"));
    }

    /// <summary>Each worker in turn is told to stop, as an administrator would, and has a successor before the next one is.</summary>
    internal async Task ReplaceAllAsync()
    {
        await EventuallyAsync(() => Children().Count == Workers);
        await AllListenAsync();
        foreach (var worker in Children())
        {
            Native.Kill(worker, Native.SigTerm);
            await EventuallyAsync(() => !Children().Contains(worker) && Children().Count == Workers);
            await AllListenAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _run.Signal(Native.SigTerm);
        Assert.Equal(0, await _run.WaitForExitAsync());
        await _run.DisposeAsync();
    }

    /// <summary>A successor is there when it has a thread for connections.</summary>
    private Task AllListenAsync() => EventuallyAsync(() => Children().All(static pid => Directory.GetDirectories($"/proc/{pid}/task").Any(static task =>
    {
        try
        {
            return File.ReadAllText($"{task}/comm").StartsWith("prefork intake", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    })));

    /// <summary>The workers: each is a child of the thread that started it.</summary>
    private List<int> Children() => [.. Directory.GetDirectories($"/proc/{_run.Id}/task").SelectMany(static task => Read(task).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Select(static pid => int.Parse(pid, CultureInfo.InvariantCulture)).Order()];

    private static string Read(string task)
    {
        try
        {
            return File.ReadAllText($"{task}/children");
        }
        catch (IOException)
        {
            // The thread has ended.
            return "";
        }
    }

    private static async Task EventuallyAsync(Func<bool> condition)
    {
        var patience = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(patience.Elapsed < TimeSpan.FromSeconds(30), "It did not come about.");
            await Task.Delay(20);
        }
    }

    private static async Task<string> PublishAsync(string template, string[] options)
    {
        var source = Path.Combine(s_folder.FullName, template);
        var output = Path.Combine(s_folder.FullName, $"{template}-published");
        await DotnetAsync(["new", template, "--name", "Example", "--output", source, "--no-restore", .. options]);
        var project = Directory.GetFiles(source, "Example.csproj", SearchOption.AllDirectories).Single();
        await DotnetAsync(["publish", project, "-c", "Release", "-o", output, "--nologo", "-v", "quiet"]);
        return output;
    }

    private static async Task DotnetAsync(string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, WorkingDirectory = s_folder.FullName })!;
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(8));
        var output = await process.StandardOutput.ReadToEndAsync(timeout.Token);
        await process.WaitForExitAsync(timeout.Token);
        Assert.True(process.ExitCode == 0, output);
    }
}
