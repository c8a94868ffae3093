using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Prefork.Templates.Tests;

/// <summary>A headless Chromium, the system's own, with one page; it notes every request that failed.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly ConcurrentQueue<string> _failures = new();

    private Browser(IPlaywright playwright, IBrowser browser, IPage page)
    {
        _playwright = playwright;
        _browser = browser;
        Page = page;
        page.RequestFailed += (_, request) =>
        {
            // What the page itself gives up when another one is opened is no failure.
            if (request.Failure is not "net::ERR_ABORTED")
            {
                _failures.Enqueue($"{request.Url}: {request.Failure}");
            }
        };
        page.Response += (_, response) =>
        {
            if (response.Status >= 400)
            {
                _failures.Enqueue($"{response.Url}: {response.Status}");
            }
        };
    }

    internal IPage Page { get; }

    internal static async Task<Browser> StartAsync()
    {
        var chromium = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(static folder => Path.Combine(folder, "chromium")).FirstOrDefault(File.Exists);
        Assert.SkipUnless(chromium is not null, "Chromium is not installed (Debian: apt-get install chromium).");
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = chromium, Args = ["--no-sandbox", "--disable-dev-shm-usage"] });
        return new Browser(playwright, browser, await browser.NewPageAsync());
    }

    internal async Task OpenAsync(Uri address, string title)
    {
        var response = await Page.GotoAsync(address.OriginalString);
        Assert.Equal(200, response!.Status);
        Assert.Equal(title, await Page.TitleAsync());
    }

    internal void NothingFailed() => Assert.Empty(_failures);

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
