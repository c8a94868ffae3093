using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using KestrelListenOptions = Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions;

namespace Prefork.AspNetCore.Tests;

/// <summary>Every option of Kestrel's is honoured, or said to be not: in the table of docs/aspnetcore.md, and at the start.</summary>
public partial class KestrelOptions
{
    private const string Page = "../../docs/aspnetcore.md";

    private static readonly Type[] s_types =
    [
        typeof(KestrelServerOptions), typeof(KestrelServerLimits), typeof(Http2Limits), typeof(Http3Limits),
        typeof(KestrelListenOptions), typeof(HttpsConnectionAdapterOptions), typeof(SocketTransportOptions),
    ];

    /// <summary>Fails when a newer Kestrel has an option that the table has not: look what becomes of it in a worker, and write it there.</summary>
    [Fact]
    public async Task EveryOption_IsInTheTable()
    {
        var path = Path.Combine(Path.GetDirectoryName(Source())!, Page);
        Assert.SkipUnless(File.Exists(path), "The documentation is not where it was when this was built.");
        var table = Table(await File.ReadAllTextAsync(path)).ToHashSet();
        var options = s_types.SelectMany(Options).Concat(await FeaturesAsync()).ToHashSet();
        Assert.True(options.Count > 60, $"{options.Count} options were found.");
        Assert.Equal("", string.Join(' ', options.Except(table).Order()));
        Assert.Equal("", string.Join(' ', table.Except(options).Order()));
    }

    [Theory]
    [InlineData(ClusterTransport.Prefork, "CreateBoundListenSocket", "CreateBoundListenSocketIsNotCalled")]
    [InlineData(ClusterTransport.Sockets, "CreateBoundListenSocket", "CreateBoundListenSocketIsNotCalled")]
    [InlineData(ClusterTransport.Prefork, "IOQueueCount", "OptionsDoNotApply: IOQueueCount.")]
    [InlineData(ClusterTransport.Prefork, "WaitForDataBeforeAllocatingBuffer", "OptionsDoNotApply: WaitForDataBeforeAllocatingBuffer.")]
    [InlineData(ClusterTransport.Prefork, "UnsafePreferInlineScheduling", "OptionsDoNotApply: UnsafePreferInlineScheduling.")]
    [InlineData(ClusterTransport.Sockets, "IOQueueCount", "")]
    [InlineData(ClusterTransport.Prefork, "Backlog", "")]
    [InlineData(ClusterTransport.Prefork, "NoDelay", "")]
    [InlineData(ClusterTransport.Prefork, "MaxReadBufferSize", "")]
    [InlineData(ClusterTransport.Prefork, "MaxWriteBufferSize", "")]
    [InlineData(ClusterTransport.Prefork, "", "")]
    public async Task AnOptionThatIsSetAndDoesNotApply_IsSaidAtTheStart(ClusterTransport transport, string option, string expected)
    {
        using var log = new RecordedLog();
        var options = new SocketTransportOptions();
        Change(options, option);
        await IgnoredOptions.SayAsync(options, transport, log.CreateLogger(IgnoredOptions.Category));
        var said = log.Entries;
        Assert.All(said, entry => Assert.Equal(LogLevel.Warning, entry.Level));
        Assert.Equal(expected.Length == 0 ? 0 : 1, said.Count);
        if (expected.Split(": ") is [var name, .. var names] && expected.Length > 0)
        {
            var entry = said.Single();
            Assert.Equal(name, entry.Id.Name);
            Assert.All(names, words => Assert.Contains($": {words}", entry.Text, StringComparison.Ordinal));
            Assert.Contains("docs/aspnetcore.md#", entry.Text, StringComparison.Ordinal);
        }
    }

    /// <summary>Every option of Kestrel's transport is one that the test above changes.</summary>
    [Fact]
    public void EveryOptionOfTheTransport_HasItsTest()
    {
        var tested = typeof(KestrelOptions).GetMethod(nameof(AnOptionThatIsSetAndDoesNotApply_IsSaidAtTheStart))!
            .GetCustomAttributes<InlineDataAttribute>().Select(data => (string)data.Data[1]!).ToHashSet();
        var options = typeof(SocketTransportOptions).GetProperties().Where(property => property.CanWrite).Select(property => property.Name);
        Assert.Equal("", string.Join(' ', options.Except(tested)));
    }

    private static void Change(SocketTransportOptions options, string name)
    {
        switch (name)
        {
            case "":
                break;
            case nameof(options.CreateBoundListenSocket):
                options.CreateBoundListenSocket = static endPoint => SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
                break;
            default:
                var property = typeof(SocketTransportOptions).GetProperty(name)!;
                property.SetValue(options, property.GetValue(options) switch
                {
                    bool value => !value,
                    int value => value + 1,
                    long value => value + 1,
                    _ => throw new InvalidOperationException($"{name} is of a type that nobody has thought of."),
                });
                break;
        }
    }

    /// <summary>Properties that can be set, or hold more options, and methods that set something.</summary>
    private static IEnumerable<string> Options(Type type)
    {
        const BindingFlags Own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        var properties = type.GetProperties(Own).Select(property => property.Name);
        var methods = type.GetMethods(Own).Where(method => !method.IsSpecialName && method.GetBaseDefinition().DeclaringType == type && !method.Name.Contains('.', StringComparison.Ordinal))
            .Select(method => method.Name);
        return properties.Concat(methods).Distinct().Select(name => $"{type.Name}.{name}");
    }

    private static async Task<IEnumerable<string>> FeaturesAsync()
    {
        var told = new TaskCompletionSource<List<string>>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TestServer.RawAsync(Carrier.Kestrel, connection =>
        {
            told.SetResult([.. connection.Features.Where(feature => feature.Key.IsPublic).Select(feature => $"{nameof(ConnectionContext)}.{feature.Key.Name}")]);
            return Task.CompletedTask;
        });
        using var client = await TestClient.ConnectAsync(server);
        return await told.Task.WaitAsync(TestServer.Patience);
    }

    /// <summary>A row has a type, options of it, and what becomes of them.</summary>
    private static IEnumerable<string> Table(string page)
    {
        var section = page[page.IndexOf("## Kestrel's options", StringComparison.Ordinal)..];
        section = section[..section.IndexOf("\n## ", 5, StringComparison.Ordinal)];
        return from line in section.Split('\n')
               let cells = line.Split('|')
               where cells.Length == 5 && cells[1].Contains('`', StringComparison.Ordinal)
               from Match name in Code().Matches(cells[2])
               select $"{cells[1].Trim().Trim('`')}.{name.Groups[1].Value}";
    }

    [GeneratedRegex("`([A-Za-z0-9]+)`")]
    private static partial Regex Code();

    private static string Source([CallerFilePath] string path = "") => path;
}
