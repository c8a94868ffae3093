using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;

namespace Prefork.Templates.Tests;

/// <summary>Applications that nobody here wrote run unmodified on several workers, and while these are replaced nobody notices.</summary>
public class Templates
{
    [Fact]
    public async Task WebApi_ServesEveryRequest()
    {
        await using var app = await TemplateApp.StartAsync("webapi");
        using var keepAlive = new HttpClient { BaseAddress = app.Address, Timeout = TestProgram.Patience };
        using var perRequest = new HttpClient { BaseAddress = app.Address, Timeout = TestProgram.Patience };
        perRequest.DefaultRequestHeaders.ConnectionClose = true;
        await WhileReplacedAsync(app, AskAsync(keepAlive), AskAsync(perRequest));

        static Func<Task> AskAsync(HttpClient client) => async () => Assert.Contains("temperatureC", await client.GetStringAsync("/weatherforecast"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Grpc_AnswersEveryCall()
    {
        await using var app = await TemplateApp.StartAsync("grpc");
        using var channel = GrpcChannel.ForAddress(app.Address);

        // The template's messages have one string each, and so are on the wire what StringValue is.
        var marshaller = Marshallers.Create(static (StringValue value) => value.ToByteArray(), StringValue.Parser.ParseFrom);
        var method = new Method<StringValue, StringValue>(MethodType.Unary, "greet.Greeter", "SayHello", marshaller, marshaller);
        await WhileReplacedAsync(app, async () =>
        {
            var reply = await channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(deadline: DateTime.UtcNow + TestProgram.Patience), new StringValue { Value = "workers" });
            Assert.Equal("Hello workers", reply.Value);
        });
    }

    [Fact]
    public async Task Mvc_ShowsEveryPage_InABrowser()
    {
        await using var app = await TemplateApp.StartAsync("mvc");
        await using var browser = await Browser.StartAsync();
        await WhileReplacedAsync(app, async () =>
        {
            await browser.OpenAsync(app.Address, "Home Page - Example");
            await browser.Page.ClickAsync("footer a:text('Privacy')");
            await browser.Page.WaitForURLAsync("**/Home/Privacy");
            Assert.Equal("Privacy Policy", await browser.Page.InnerTextAsync("h1"));
        });
        browser.NothingFailed();
    }

    [Fact]
    public async Task Blazor_RunsInABrowser()
    {
        await using var app = await TemplateApp.StartAsync("blazor", "--interactivity", "WebAssembly");
        await using var browser = await Browser.StartAsync();
        await WhileReplacedAsync(app, async () =>
        {
            await browser.OpenAsync(new Uri(app.Address, "/counter"), "Counter");

            // Shown at once, and alive when the application has been loaded.
            await browser.Page.WaitForFunctionAsync("() => { document.querySelector('button.btn-primary')?.click(); return /[1-9]/.test(document.querySelector('[role=status]')?.innerText); }");
            await browser.Page.ClickAsync("a[href=weather]");
            await browser.Page.WaitForSelectorAsync("table tbody tr:nth-child(5)");
        });
        browser.NothingFailed();
    }

    /// <summary>Asks again and again, each on its own, until all workers have been replaced twice; the first failure ends it.</summary>
    private static async Task WhileReplacedAsync(TemplateApp app, params Func<Task>[] asks)
    {
        using var enough = new CancellationTokenSource();
        var counts = new int[asks.Length];
        var asking = asks.Select((ask, i) => Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                await ask();
                counts[i]++;
            }
        })).ToArray();
        var replacing = Task.Run(async () =>
        {
            await app.ReplaceAllAsync();
            await app.ReplaceAllAsync();
        });
        await await Task.WhenAny([replacing, .. asking]);
        await replacing;
        await enough.CancelAsync();
        await Task.WhenAll(asking);
        Assert.All(counts, count => Assert.True(count > 0));
    }
}
