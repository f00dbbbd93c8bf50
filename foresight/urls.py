from django.urls import path

from foresight import views

urlpatterns = [
    path("costs/", views.costs, name="costs"),
    path("costs/costs.<str:form>", views.costs_export, name="costs-export"),
    path("costs/outlook/", views.month_ahead, name="outlook"),
    path("costs/difference/", views.month_compared, name="difference"),
]
